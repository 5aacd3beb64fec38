#!/usr/bin/python3
"""Who watches the server: /healthz, /readyz, /metrics, the dashboard; what they say is true, and names nobody."""
import json
import os
import re
import socket
import urllib.error
import urllib.request

import journey
from journey import contains, equal, holds, until

NAMES = "ANA MARIA DOS SANTOS", "Ana's player", "A secret title"


class Place(journey.Place):
    def __init__(self):
        super().__init__()
        self.init("The box of nobody")
        self.port = journey.free_port()
        self.serve(env={"CANTIGA_METRICS_LISTEN": f"127.0.0.1:{self.port}"})

    def look(self, path, method="GET"):
        try:
            with urllib.request.urlopen(urllib.request.Request(f"http://127.0.0.1:{self.port}{path}", method=method), timeout=30) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            return error.code, error.read().decode()

    def values(self):
        """Name with labels → value."""
        return {line.rsplit(" ", 1)[0]: float(line.rsplit(" ", 1)[1]) for line in self.look("/metrics")[1].splitlines() if not line.startswith("#")}


@journey.test("a server that is well and ready says so")
def _(place):
    until(lambda: place.look("/healthz")[0] == 200, "the server is well")
    equal(place.look("/readyz"), (200, "well\n"), "/readyz")
    equal(place.look("/nothing")[0], 404, "another path")
    equal(place.look("/metrics", "POST")[0], 405, "another method")


@journey.test("what happens is counted, by reason, and how long it took")
def _(place):
    before = place.values()
    place.add(place.tone("A secret title.flac", seconds=8))
    card = place.card(NAMES[0])
    player = place.player(card, NAMES[1])
    stranger = place.player(place.card("NOBODY AT ALL", enrolled=False), "stranger", paired=False)
    stranger.pair(place.invite("stranger"), ok=None)
    played = player.play("A secret title")
    after = place.values()
    grown = {name: after[name] - before.get(name, 0) for name in after}
    equal(grown["cantiga_pairings_total"], 2, "players let in")
    equal(grown["cantiga_sign_ins_total"], 2, "cards accepted (at pairing, to play)")
    equal(grown["cantiga_handshakes_total"], 3, "handshakes")
    equal(grown["cantiga_grants_total"], 1, "grants")
    equal(grown["cantiga_chunks_total"], played["chunks"], "chunks")
    holds(grown["cantiga_chunk_bytes_total"] > played["bytes"], "fewer bytes than the title has")
    equal(grown['cantiga_refusals_total{reason="card-unknown"}'], 1, "refusals of unknown cards")
    equal(grown['cantiga_answer_seconds_count{route="GET /api/download"}'], played["chunks"], "chunks that were timed")
    holds(grown['cantiga_answer_seconds_sum{route="GET /api/download"}'] > 0, "chunks took no time")
    equal(after["cantiga_titles"], 1, "titles")
    equal(after["cantiga_ledger_up"], 1, "the ledger")
    holds(after['cantiga_certificate_end_timestamp_seconds{certificate="server-ecdsa"}'] > after["process_start_time_seconds"], "a certificate has ended")


@journey.test("a scanner of Prometheus finds nothing to say")
def _(place):
    path = journey.write(place.path("metrics"), place.look("/metrics")[1])
    with open(path, encoding="utf-8") as file:
        ran = place.run("promtool", "check", "metrics", stdin=file)
    equal(ran.out + ran.err, "", "what promtool says")
    wrong = journey.write(place.path("wrong"), "# TYPE a counter\na{b=\"c\"} 1\na{b=\"c\"} 2\n")
    with open(wrong, encoding="utf-8") as file:
        place.run("promtool", "check", "metrics", stdin=file, ok=None).status != 0 or holds(False, "promtool takes anything")


@journey.test("nobody is named")
def _(place):
    text = place.look("/metrics")[1]
    for name in (*NAMES, "The box of nobody", "127.0.0.1"):
        holds(name not in text, f"“{name}” stands in /metrics")
    holds(not re.search(r"[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f]{4}-", text), "an identifier stands in /metrics")


@journey.test("the dashboard asks for what there is")
def _(place):
    with open(os.path.join(journey.SOURCE, "data/grafana/dashboard.json"), encoding="utf-8") as file:
        dashboard = json.load(file)
    there = {name.split("{")[0] for name in place.values()}
    asked = {name for panel in dashboard["panels"] for target in panel["targets"] for name in re.findall(r"(?:cantiga|process)_\w+", target["expr"])}
    equal(sorted(asked - there), [], "what is asked for and not there")
    holds(len(asked) > 15, "the dashboard asks for little")


@journey.test("who asks and does not listen is let go, and the watch goes on")
def _(place):
    idle = [socket.create_connection(("127.0.0.1", place.port)) for _ in range(40)]
    until(lambda: idle[-1].recv(1) == b"", "a connection past the limit is closed")
    for each in idle:
        each.close()
    until(lambda: healthy(place), "it answers again")


def healthy(place):
    try:
        return place.look("/healthz")[0] == 200
    except OSError:
        return False


if __name__ == "__main__":
    journey.main(Place)
