"""A client of the sync service in the standard library: WebSocket, one request at a time."""

import base64
import hashlib
import json
import os
import socket
import struct

_ACCEPT = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
_TEXT, _BINARY, _CLOSE, _PING, _PONG = 0x1, 0x2, 0x8, 0x9, 0xA


class SyncError(Exception):
    """The sync service refused a request, or is gone."""


class SyncClient:
    """Signals states, waits at barriers, publishes to topics and subscribes to them."""

    def __init__(self, host, port, prefix):
        """Connects; `prefix` goes before every state and topic: `run:R:plan:P:case:C`."""
        self._prefix = prefix
        self._next_id = 0
        self._waiting = {}  # answers of subscriptions that nobody has asked for yet, by id
        self._buffer = b""
        self._socket = socket.create_connection((host, port))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._shake_hands(host, port)

    def signal(self, state):
        """Signals `state` and returns how many have, this one included."""
        return self._ask({"signal_entry": {"state": f"{self._prefix}:states:{state}"}})["signal_entry"]["seq"]

    def barrier(self, state, target):
        """Waits until `target` instances have signalled `state`."""
        self._ask({"barrier": {"state": f"{self._prefix}:states:{state}", "target": target}})

    def signal_and_wait(self, state, target):
        """Signals `state`, waits for the others, and returns this one's number."""
        number = self.signal(state)
        self.barrier(state, target)
        return number

    def publish(self, topic, payload):
        """Publishes any JSON value and returns its number within the topic."""
        return self._ask({"publish": {"topic": f"{self._prefix}:topics:{topic}", "payload": payload}})["publish"]["seq"]

    def publish_event(self, event):
        """Tells the runner an event of this instance."""
        self._ask({"publish": {"topic": f"{self._prefix}:run_events", "payload": event}})

    def subscribe(self, topic, count):
        """Returns the first `count` messages of `topic`, in the order that everybody sees."""
        request = self._send({"subscribe": {"topic": f"{self._prefix}:topics:{topic}"}})
        return [json.loads(self._answer(request)["subscribe"]) for _ in range(count)]

    def close(self):
        """Says goodbye."""
        self._socket.close()

    # Requests and answers: each has an id, and answers of other ids are kept for whoever asks.

    def _ask(self, operation):
        return self._answer(self._send(operation))

    def _send(self, operation):
        request = str(self._next_id)
        self._next_id += 1
        self._write_frame(_TEXT, json.dumps({"id": request, "is_cancel": False, **operation}).encode())
        return request

    def _answer(self, request):
        while not self._waiting.get(request):
            answer = json.loads(self._read_message())
            if answer.get("error"):
                raise SyncError(answer["error"])
            self._waiting.setdefault(answer["id"], []).append(answer)
        return self._waiting[request].pop(0)

    # WebSocket, RFC 6455: as much as one client needs.

    def _shake_hands(self, host, port):
        key = base64.b64encode(os.urandom(16)).decode()
        self._socket.sendall(
            f"GET / HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        while b"\r\n\r\n" not in self._buffer:
            self._fill()
        head, self._buffer = self._buffer.split(b"\r\n\r\n", 1)
        lines = head.decode("latin-1").split("\r\n")
        headers = {name.strip().lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
        expected = base64.b64encode(hashlib.sha1((key + _ACCEPT).encode()).digest()).decode()
        if " 101 " not in lines[0] + " " or headers.get("sec-websocket-accept") != expected:
            raise SyncError(f"no sync service answers at {host}:{port}: {lines[0]}")

    def _fill(self):
        data = self._socket.recv(1 << 16)
        if not data:
            raise SyncError("the sync service closed the connection")
        self._buffer += data

    def _take(self, count):
        while len(self._buffer) < count:
            self._fill()
        taken, self._buffer = self._buffer[:count], self._buffer[count:]
        return taken

    def _write_frame(self, kind, payload):
        size = len(payload)
        if size < 126:
            head = struct.pack("!BB", 0x80 | kind, 0x80 | size)
        elif size < 1 << 16:
            head = struct.pack("!BBH", 0x80 | kind, 0x80 | 126, size)
        else:
            head = struct.pack("!BBQ", 0x80 | kind, 0x80 | 127, size)
        mask = os.urandom(4)
        repeated = int.from_bytes((mask * (size // 4 + 1))[:size], "big")
        masked = (int.from_bytes(payload, "big") ^ repeated).to_bytes(size, "big")
        self._socket.sendall(head + mask + masked)

    def _read_message(self):
        message = b""
        while True:
            first, second = self._take(2)
            size = second & 0x7F
            if size == 126:
                (size,) = struct.unpack("!H", self._take(2))
            elif size == 127:
                (size,) = struct.unpack("!Q", self._take(8))
            payload = self._take(size)
            kind = first & 0x0F
            if kind == _PING:
                self._write_frame(_PONG, payload)
            elif kind == _CLOSE:
                raise SyncError("the sync service said goodbye")
            elif kind != _PONG:
                message += payload
                if first & 0x80:
                    return message
