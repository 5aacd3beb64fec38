"""What encoders of M4A say of the samples that they put before and behind; GStreamer's muxer says nothing of them."""


def find(data, path):
    """Where the last atom of path begins."""
    begin, at, end = 0, 0, len(data)
    for kind in path:
        while data[at + 4:at + 8] != kind:
            at += int.from_bytes(data[at:at + 4], "big")
            assert at < end, f"there is no {kind}"
        begin, end = at, at + int.from_bytes(data[at:at + 4], "big")
        at += 8
    return begin


def with_edit_list(data, delay, samples, rate):
    """A file whose track is played from its sample `delay` on. The length is told in the film's own unit."""
    mvhd, elst = find(data, [b"moov", b"mvhd"]), find(data, [b"moov", b"trak", b"edts", b"elst"])
    unit = int.from_bytes(data[mvhd + 20:mvhd + 24], "big")
    edit = (samples * unit // rate).to_bytes(4, "big") + delay.to_bytes(4, "big")
    return data[:elst + 16] + edit + data[elst + 16 + len(edit):]
