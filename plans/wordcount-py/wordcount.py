"""Counts words in many instances at once.

Each instance counts a text of its own, sends each word's count to the instance that is responsible for it, and adds up
what it is sent. No word may be lost or counted twice.
"""

import json
import random
import socket
import threading
import time
import zlib
from collections import Counter

import instance as ground


def text(seed, number, words, vocabulary):
    """Returns the text of instance `number`: few words that are frequent, many that are rare, always the same."""
    choice = random.Random(f"{seed}/{number}")
    weights = [1 / (rank + 1) for rank in range(vocabulary)]
    return choice.choices([f"word{rank}" for rank in range(vocabulary)], weights, k=words)


def responsible(word, instances):
    """Returns the number, from 0, of the instance that adds up `word`."""
    return zlib.crc32(word.encode()) % instances


def shares(counts, instances):
    """Splits `counts` by who is responsible."""
    split = [Counter() for _ in range(instances)]
    for word, count in counts.items():
        split[responsible(word, instances)][word] = count
    return split


class Collector:
    """Takes the shares that the other instances send."""

    def __init__(self, address):
        self._listener = socket.create_server((address, 0), backlog=256)
        self.port = self._listener.getsockname()[1]

    def collect(self, senders):
        """Starts to take a share of each of `senders` others; the result waits for all of them."""
        total, failed = Counter(), []

        def take():
            try:
                for _ in range(senders):
                    connection, _ = self._listener.accept()
                    with connection:
                        total.update(json.loads(b"".join(iter(lambda: connection.recv(1 << 16), b""))))
            except Exception as error:
                failed.append(error)

        thread = threading.Thread(target=take, daemon=True)
        thread.start()

        def result():
            thread.join()
            if failed:
                raise failed[0]
            return total

        return result


def send(peer, share):
    """Sends `share` to a peer and returns its size in bytes."""
    data = json.dumps(share).encode()
    with socket.create_connection((peer["address"], peer["port"])) as connection:
        connection.sendall(data)
    return len(data)


def count_round(run, number, peers, collector, words):
    """Counts `words` together with the others, and returns what this instance is responsible for."""
    began = time.perf_counter()
    split = shares(Counter(words), run.instances)
    counted = time.perf_counter()
    others = collector.collect(run.instances - 1)
    run.sync.signal_and_wait(f"counted-{number}", run.instances)

    shuffle = time.perf_counter()
    sent = sum(send(peer, split[peer["number"]]) for peer in peers if peer["number"] != run.number)
    total = split[run.number]
    total.update(others())
    done = time.perf_counter()

    run.metric("count_s", counted - began, "s")
    run.metric("shuffle_s", done - shuffle, "s")
    run.metric("words_per_s", len(words) / (counted - began + done - shuffle), "count")
    run.metric("sent_bytes", sent, "B")
    return total


def count(run):
    """The testcase: counts the text in rounds, and checks each round's sum."""
    words, rounds = run.param("words"), run.param("rounds")
    run.number = run.sync.signal_and_wait("initialized_global", run.instances) - 1
    own = text(run.params["seed"], run.number, words, run.param("vocabulary"))
    address = run.address()
    collector = Collector(address)
    run.sync.publish("peers", {"number": run.number, "address": address, "port": collector.port})
    peers = run.sync.subscribe("peers", run.instances)
    run.message(f"instance {run.number} of {run.instances} counts {words} words")

    for number in range(rounds):
        total = count_round(run, number, peers, collector, own)
        wrong = [word for word in total if responsible(word, run.instances) != run.number]
        if wrong:
            raise ground.Failure(f"round {number}: got {wrong[0]}, which belongs to another instance")
        run.sync.publish(f"totals-{number}", sum(total.values()))
        everything = sum(run.sync.subscribe(f"totals-{number}", run.instances))
        if everything != words * run.instances:
            raise ground.Failure(f"round {number}: {everything} words were counted of {words * run.instances}")


if __name__ == "__main__":
    ground.main({"count": count})
