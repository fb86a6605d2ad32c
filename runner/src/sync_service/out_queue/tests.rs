use std::pin::pin;

use super::*;

/// Takes a few bytes at a time and blocks in between.
#[derive(Default)]
struct Slow {
    taken: Vec<u8>,
    at_once: usize,
    blocks: bool,
}

impl AsyncWrite for Slow {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.poll_write_vectored(cx, &[IoSlice::new(bytes)])
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        slices: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        self.blocks = !self.blocks;
        if self.blocks {
            return Poll::Pending;
        }
        let mut room = self.at_once;
        for slice in slices {
            let fits = slice.len().min(room);
            self.taken.extend_from_slice(&slice[..fits]);
            room -= fits;
        }
        Poll::Ready(Ok(self.at_once - room))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

#[test]
fn everything_arrives_in_order_however_slowly_it_is_taken() {
    let long = Arc::new(Message::new(&format!("\"{}\"", "y".repeat(SHARED_FROM))));
    let short = Arc::new(Message::new("1"));
    for at_once in [1, 7, 100, 4096, 100_000] {
        let mut queue = OutQueue::default();
        let mut expected = Vec::new();
        for round in 0..3 {
            queue.push_message("5", &long);
            frame::write_text(&mut expected, |out| {
                wire::write_head(out, "5");
                out.extend_from_slice(long.tail());
            });
            queue.push_message("6", &short);
            frame::write_text(&mut expected, |out| {
                wire::write_head(out, "6");
                out.extend_from_slice(short.tail());
            });
            let frames = vec![round; BUFFER * usize::from(round)];
            expected.extend_from_slice(&frames);
            queue.push_frames(frames);
        }
        assert_eq!(queue.len(), expected.len());
        let mut stream = pin!(Slow { at_once, ..Slow::default() });
        let mut cx = Context::from_waker(std::task::Waker::noop());
        while queue.poll_flush(&mut stream, &mut cx).is_pending() {}
        assert!(queue.is_empty() && queue.chunks.is_empty());
        assert!(stream.taken == expected, "the bytes differ at {at_once} at once");
    }
}

#[test]
fn long_payloads_are_not_copied() {
    let long = Arc::new(Message::new(&format!("\"{}\"", "y".repeat(1 << 20))));
    let mut queues: Vec<_> = (0..100).map(|_| OutQueue::default()).collect();
    for queue in &mut queues {
        queue.push_message("5", &long);
    }
    assert_eq!(Arc::strong_count(&long), 101);
    let copied = |queue: &OutQueue| -> usize {
        let owned = queue.chunks.iter().map(|chunk| match chunk {
            Chunk::Owned(bytes) => bytes.len(),
            Chunk::Tail(_) => 0,
        });
        owned.sum()
    };
    assert!(queues.iter().all(|queue| copied(queue) < 64));
}
