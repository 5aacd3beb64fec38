#!/usr/bin/python3
"""A day's use in ten minutes: players that come, listen and go (or go without a word), strangers, refusals, a keeper who adds, removes, invites and reloads.
Memory, descriptors and threads must be flat.

    CANTIGA_BUILD=build CANTIGA_SOURCE=. tests/soak/soak.py [SECONDS]

What a day has of time is pressed by 144, as the day is: sessions that idle for half an hour do so for twelve seconds. No part of build-aux/check.
"""
import os
import random
import sys
import threading
import time

sys.path.insert(0, os.path.join(os.environ["CANTIGA_SOURCE"], "tests/hostile"))
# pylint: disable=wrong-import-position
import siege
from siege import journey, player
from notation import Refused

DAY = {"CANTIGA_LIMITS_SESSION_IDLE_TIME": "12s", "CANTIGA_LIMITS_HANDSHAKE_TIME": "2s", "CANTIGA_LIMITS_HEADER_TIME": "2s", "CANTIGA_LIMITS_BODY_TIME": "2s"}
PLAYERS = 4
GROWTH = 8  # MiB between the end of the first third and the end


class Soak(siege.Siege):
    def __init__(self):
        super().__init__(seconds=20, limits=DAY)
        self.goes_on = True
        self.did = {}
        self.lock = threading.Lock()
        self.own = threading.local()
        self.wrong = []

    def count(self, what, n=1):
        with self.lock:
            self.did[what] = self.did.get(what, 0) + n

    def repeat(self, function):
        while self.goes_on:
            try:
                function()
            except (OSError, Refused) as error:
                self.count(f"{type(error).__name__} {getattr(error, 'kind', '')}".strip())
                time.sleep(0.05)
            except Exception as error:  # pylint: disable=broad-except
                self.wrong.append(error)
                return

    def mine(self):
        """The player of this thread: cryptography's objects are not for several at once."""
        if not hasattr(self.own, "paired"):
            self.own.paired = player.pair(self.invite("player of a thread"), ("ECDSA",))
        return self.own.paired

    # -- what happens in a day --

    def listen(self):
        session = player.Session(self.mine(), "ECDSA").sign_in()
        session.show_card(self.key, self.chain)
        self.count("sessions")
        session.titles()
        for _ in range(random.randint(1, 3)):
            play = session.licence(self.song["id"])
            for index in random.sample(range(play.licence["chunks"]), random.randint(1, play.licence["chunks"])):
                play.chunk(index)
                self.count("chunks")
            if random.random() < 0.7:
                session.end(play.licence["play"])
        if random.random() < 0.7:
            session.leave()

    def stumble(self):
        """Handshakes that are left lying, at each of their steps."""
        session = player.Session(self.mine(), "ECDSA")
        for step in (session.get_certificates, session.hello, session.agree_suite, session.exchange_keys)[:random.randint(1, 4)]:
            step()
        self.count("handshakes left lying")
        time.sleep(random.random())

    def disturb(self):
        attack = self.attack(random.choice(("slow_headers", "silent", "connections", "refused", "guesses", "invitations")), 4, "127.0.1.1", 20)
        while not attack.ended and self.goes_on:
            time.sleep(0.1)
        self.count("attacks")
        time.sleep(4 * random.random())

    def keep(self):
        number = self.did.get("invitations", 0)
        player.pair(self.invite(f"player {number}"), ("ECDSA",))
        self.count("invitations")
        path = journey.wav(self.path("media", f"{number}.wav"), 2 + number % 7, f"Title {number}")
        self.add(path)
        self.ctl("remove", f"Title {number}")
        os.unlink(path)
        self.server.process.send_signal(1)
        self.count("reloads")
        time.sleep(2)

    # -- what is measured --

    def threads(self):
        return len(os.listdir(f"/proc/{self.server.pid}/task"))

    def settle(self):
        """Everybody pauses: what is there now is what stays."""
        return self.resident(), self.count_descriptors(), self.threads()


def main():
    seconds = int(sys.argv[1]) if len(sys.argv) > 1 else 600
    with Soak() as place:
        workers = [threading.Thread(target=place.repeat, args=(function,), daemon=True)
                   for function in [place.listen] * PLAYERS + [place.stumble, place.disturb, place.keep]]
        for worker in workers:
            worker.start()
        begun, samples = time.monotonic(), []
        while (now := time.monotonic() - begun) < seconds and not place.wrong and not place.server.ended:
            time.sleep(min(seconds / 30, seconds - now + 0.1))
            samples.append(place.settle())
            print(f"{time.monotonic() - begun:5.0f} s  {samples[-1][0]:6.1f} MiB  {samples[-1][1]:4} descriptors  {samples[-1][2]:3} threads  {place.did}", flush=True)
        place.goes_on = False
        for worker in workers:
            worker.join(60)
        journey.holds(not place.wrong, f"something went wrong: {place.wrong}")
        journey.holds(not place.server.ended, f"the server died\n{place.server.log[-2000:]}")
        journey.until(lambda: place.count_descriptors() <= min(sample[1] for sample in samples) + 4, "descriptors are as they were", 60)
        third = [sample[0] for sample in samples[len(samples) // 3:len(samples) // 3 + 5]]
        last = [sample[0] for sample in samples[-5:]]
        grown = sum(last) / len(last) - sum(third) / len(third)
        print(f"memory grew by {grown:.1f} MiB from the first third to the end; {place.resident():.0f} MiB, {place.count_descriptors()} descriptors, "
              f"{place.threads()} threads; did {place.did}")
        journey.holds(grown < GROWTH, f"memory grows: {grown:.1f} MiB")
        journey.holds(max(sample[2] for sample in samples) <= min(sample[2] for sample in samples) + 8, "threads grow")
        place.server.stop()


if __name__ == "__main__":
    main()
