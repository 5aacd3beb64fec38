"""docs/protocol.md 1: fields, numbers, Base64 and identifiers; and what a refusal is (11)."""
import base64
import json
import struct


class Broken(Exception):
    """The other side did what the document does not allow: the reason."""


class Refused(Exception):
    """A refusal of section 11."""

    def __init__(self, status, kind, title="Refused.", retry_after=None):
        super().__init__(f"{status} {kind}: {title}")
        self.status, self.kind, self.title, self.retry_after = status, kind, title, retry_after

    def problem(self):
        return {"type": "/problems/" + self.kind, "title": self.title, "status": self.status}

    @staticmethod
    def of(problem):
        must(isinstance(problem.get("status"), int) and str(problem.get("type", "")).startswith("/problems/"), f"no problem object: {problem}")
        return Refused(problem["status"], problem["type"][len("/problems/"):], problem.get("title"))


def must(condition, otherwise):
    if not condition:
        raise Broken(otherwise)


def lp(field):
    if isinstance(field, str):
        field = field.encode()
    return struct.pack(">I", len(field)) + field


def fields(*items):
    return b"".join(lp(item) for item in items)


def u8(value):
    return struct.pack(">B", value)


def u32(value):
    return struct.pack(">I", value)


def u64(value):
    return struct.pack(">Q", value)


def to_base64(value):
    return base64.b64encode(value).decode()


def from_base64(text):
    must(isinstance(text, str), "no Base64")
    try:
        return base64.b64decode(text, validate=True)
    except ValueError as error:
        raise Broken("no Base64") from error


def to_base64url(value):
    return base64.urlsafe_b64encode(value).decode().rstrip("=")


def from_base64url(text):
    must("=" not in text, "base64url has padding")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), altchars=b"-_", validate=True)
    except ValueError as error:
        raise Broken("no base64url") from error


def from_id(text):
    must(isinstance(text, str) and len(text) == 32 and set(text) <= set("0123456789abcdef"), f"no identifier: {text}")
    return bytes.fromhex(text)


def to_json(value):
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode()


def from_json(text):
    try:
        value = json.loads(text)
    except ValueError as error:
        raise Broken(f"no JSON: {text[:200]}") from error
    must(isinstance(value, dict), "no JSON object")
    return value


def honest(name, value):
    """What an honest side says at each point that a liar may lie at: the truth."""
    del name
    return value
