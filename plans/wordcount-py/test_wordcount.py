"""Tests of the parts that need no network: `python3 -m unittest` in this directory."""

import unittest
from collections import Counter

import wordcount


class Parts(unittest.TestCase):
    def test_a_text_is_always_the_same_and_differs_between_instances(self):
        first = wordcount.text("1", 0, 100, 50)
        self.assertEqual(first, wordcount.text("1", 0, 100, 50))
        self.assertNotEqual(first, wordcount.text("1", 1, 100, 50))
        self.assertNotEqual(first, wordcount.text("2", 0, 100, 50))
        self.assertEqual(len(first), 100)

    def test_shares_lose_nothing_and_double_nothing(self):
        counts = Counter(wordcount.text("1", 0, 5000, 300))
        for instances in (1, 2, 7, 200):
            split = wordcount.shares(counts, instances)
            self.assertEqual(len(split), instances)
            self.assertEqual(sum(split, Counter()), counts)
            for number, share in enumerate(split):
                self.assertTrue(all(wordcount.responsible(word, instances) == number for word in share))

    def test_a_share_arrives_as_it_was_sent(self):
        collector = wordcount.Collector("127.0.0.1")
        result = collector.collect(2)
        peer = {"address": "127.0.0.1", "port": collector.port}
        size = wordcount.send(peer, Counter({"a": 2}))
        wordcount.send(peer, Counter({"a": 1, "b": 5}))
        self.assertEqual(result(), Counter({"b": 5, "a": 3}))
        self.assertEqual(size, len('{"a": 2}'))


if __name__ == "__main__":
    unittest.main()
