#!/usr/bin/env python3
"""That check-house.py sees what it is there to see: a tree that keeps every rule, and then one fault at a time. TAP."""
import contextlib
import importlib.util
import io
import os
import sys
import tempfile

spec = importlib.util.spec_from_file_location("house", os.path.join(os.path.dirname(os.path.abspath(__file__)), "check-house.py"))
house = importlib.util.module_from_spec(spec)
sys.dont_write_bytecode = True
spec.loader.exec_module(house)

# A tree without faults, with what looks like one and is none.
GOOD = {
    "docs/protocol.md": "## 4. Keys\n`cantiga/1 cipher`\n## 11. Refusals\n| status | types |\n| 400 | `malformed` |\n| 404 | `not-found` |\n## 12. Limits\n",
    "docs/adr/0001-first.md": "# 0001: The first\n",
    "docs/adr/0002-second.md": "# 0002: The second\n",
    "docs/adr/README.md": "# Decisions\n",
    "src/core/error.c": '  { "/problems/malformed", 400 },\n  { "/problems/not-found", 404 },\n',
    "src/core/kdf.h": '#define CANTIGA_LABEL_CIPHER "cantiga/1 cipher"\n#define CANTIGA_LABEL_ROW "cantiga/1 row" /* ledger, at rest */\n',
    "src/core/meson.build": "files ('error.c', 'good.c', 'secret.c')\n",
    "src/core/good.c": '#include "core/kdf.h"\n/* docs/adr/0002. TODOS are not, system (x) in a comment neither */\nconst char *text = "SELECTed; printf (";\nint metadata;\n'
                       "  if (memcmp (a, b, 8) == 0) /* public */\n  g_strdup_printf (text);\n  g_snprintf (text);\n",
    "src/core/secret.c": "OPENSSL_cleanse (bytes, length);\nmemcmp (a, b, length);\n",
    "src/ui/share.c": '#include "server/server.h"\n#include "core/kdf.h"\n',
    "src/ui/meson.build": "files ('share.c', 'visible.c')\n",
    "src/ui/visible.c": '  { "page", page_cb, "s" },\n  install (class, "servers.forget", "s", forget);\n',
    "data/ui/visible.ui": '<property name="action-name">win.page</property>\n<attribute name="action">servers.forget</attribute>\n'
                          '<property name="action">action(window.close)</property>\n',
    "src/card/sign.c": '#include <p11-kit/p11-kit.h>\nC_Login (CKU_USER);\n',
    "src/card/meson.build": "files ('sign.c')\n",
    "server/ledger.c": '#include "server/sql.h"\nsql ("SELECT name FROM titles");\n',
    "server/sql-sqlite.c": "#include <sqlite3.h>\nsqlite3_open (path);\n",
    "server/meson.build": "files ('ledger.c', 'sql-sqlite.c')\n",
    "tests/core/test-good.c": '#include "core/good.h"\n',
    "tests/core/meson.build": "core_tests = [\n  'good',\n]\nexecutable ('test-' + name + '.c')\n",
    "tests/e2e/test-found.py": "x = 1\n",
    "tests/e2e/test-named.py": "x = 1\n",
    "tests/e2e/meson.build": "test ('named', files ('test-named.py'))\nforeach each : ['found']\n  test (each, files ('test-@0@.py'.format (each)))\nendforeach\n",
    "data/demo/data.txt": "a folder of this name is no name of ours\n",
}


def in_file(path, *lines):
    """The fault stands behind what the good tree has there."""
    before = GOOD.get(path, "")
    return {path: before + "\n".join(lines) + "\n"}, "%s:%d:" % (path, before.count("\n") + 1)


def new_file(path, *lines):
    folder, name = os.path.split(path)
    build = os.path.join(folder, "meson.build")
    return {path: "\n".join(lines) + "\n", build: GOOD.get(build, "") + "'%s'\n" % name}, "%s:1:" % path


def changed(path, old, new, where):
    return {path: GOOD[path].replace(old, new)}, where


CASES = [
    # rule, fault
    ("includes follow the arrows", in_file("src/core/good.c", '#include "server/ledger.h"')),
    ("includes follow the arrows", in_file("src/core/good.c", '#include "client/session.h"')),
    ("includes follow the arrows", in_file("src/core/good.c", '#include "good.h"')),
    ("includes follow the arrows", in_file("src/card/sign.c", '#include "client/card.h"')),
    ("includes follow the arrows", in_file("server/ledger.c", '#include "client/session.h"')),
    ("includes follow the arrows", new_file("src/client/session.c", '#include "server/server.h"')),
    ("includes follow the arrows", new_file("src/client/session.c", '#include "terminal/play.h"')),
    ("includes follow the arrows", new_file("src/terminal/play.c", '#include "ui/window.h"')),
    ("includes follow the arrows", new_file("src/ui/window.c", '#include "server/server.h"')),
    ("libraries stay in their layers", new_file("src/client/card.c", "#include <p11-kit/p11-kit.h>")),
    ("libraries stay in their layers", new_file("server/library.c", "#include <sqlite3.h>")),
    ("libraries stay in their layers", new_file("server/worker.c", "#include <gst/gst.h>")),
    ("libraries stay in their layers", in_file("src/core/good.c", "#include <libsoup/soup.h>")),
    ("libraries stay in their layers", new_file("src/client/title.c", "#include <gtk/gtk.h>")),
    ("pkcs11 is called by the card helper alone", new_file("src/client/card.c", "rv = C_Sign (session);")),
    ("pkcs11 is called by the card helper alone", new_file("src/client/card.c", "if (rv == CKR_OK)")),
    ("sql is written in the ledger alone", new_file("server/library.c", 'run ("SELECT id FROM titles");')),
    ("sql is written in the ledger alone", new_file("server/library.c", 'run ("DELETE FROM titles");')),
    ("sql is written in the ledger alone", new_file("server/library.c", "sqlite3_step (statement);")),
    ("secrets are compared and wiped in one place", in_file("src/core/good.c", "OPENSSL_cleanse (key, 32);")),
    ("secrets are compared and wiped in one place", in_file("src/core/good.c", "explicit_bzero (key, 32);")),
    ("secrets are compared and wiped in one place", in_file("src/core/good.c", "memset (key->bytes, 0, 32);")),
    ("secrets are compared and wiped in one place", in_file("src/core/good.c", "if (memcmp (tag, expected, 16) == 0)")),
    ("secrets are compared and wiped in one place", in_file("server/ledger.c", "if (memcmp (tag, expected, 16) == 0)")),
    ("no function that is never right", in_file("src/core/good.c", "strcpy (a, b);")),
    ("no function that is never right", in_file("server/ledger.c", "sprintf (a, b);")),
    ("no function that is never right", in_file("server/ledger.c", "system (command);")),
    ("no function that is never right", in_file("server/ledger.c", "popen (command);")),
    ("no function that is never right", in_file("server/ledger.c", "x = rand ();")),
    ("no function that is never right", in_file("server/ledger.c", "x = g_random_int ();")),
    ("no broken hash", in_file("src/core/good.c", "EVP_md5 ();")),
    ("no broken hash", in_file("src/core/good.c", "EVP_sha1 ();")),
    ("no broken hash", in_file("src/core/good.c", "g_checksum_new (G_CHECKSUM_SHA1);")),
    ("no broken hash", in_file("src/core/good.c", 'EVP_MD_fetch (NULL, "SHA1", NULL);')),
    ("libraries neither log nor print", in_file("src/core/good.c", 'g_warning ("no");')),
    ("libraries neither log nor print", in_file("src/core/good.c", 'printf ("no");')),
    ("libraries neither log nor print", new_file("src/client/title.c", 'g_message ("no");')),
    ("files are not too long", ({"src/core/good.c": GOOD["src/core/good.c"] + "int x;\n" * 650}, "src/core/good.c:")),
    ("functions are not too long", in_file("src/core/good.c", "{", *["  work ();"] * 79, "}")),
    ("nothing is left undone", in_file("src/core/good.c", "/* TODO: all of it */")),
    ("nothing is left undone", in_file("src/core/meson.build", "# FIXME later")),
    ("nothing is left undone", in_file("src/core/good.c", "#if 0")),
    ("nothing is skipped", in_file("tests/core/test-good.c", 'g_test_skip ("no");')),
    ("nothing is skipped", in_file("tests/core/meson.build", "test ('x', x, should_fail: true)")),
    ("names say what a thing is", in_file("src/core/good.c", "cantiga_session_manager (void)")),
    ("names say what a thing is", in_file("src/core/good.c", "} CantigaChunkData;")),
    ("names say what a thing is", in_file("src/core/kdf.h", "GBytes *cantiga_handle_request (void);")),
    ("names say what a thing is", new_file("src/core/utils.c", "int x;")),
    ("names say what a thing is", new_file("src/core/key-helper.c", "int x;")),
    ("every source is built", ({"src/core/lost.c": "int x;\n"}, "src/core/lost.c:1:")),
    ("every source is built", ({"tests/core/test-lost.c": "int x;\n"}, "tests/core/test-lost.c:1:")),
    ("every test is run", ({"tests/e2e/test-lost.py": "x = 1\n"}, "tests/e2e/test-lost.py:1:")),
    ("problem types are those of the specification", changed("src/core/error.c", "not-found", "missing", "src/core/error.c:2:")),
    ("problem types are those of the specification", changed("src/core/error.c", "404", "410", "src/core/error.c:2:")),
    ("problem types are those of the specification", changed("docs/protocol.md", "`not-found`", "`not-found` `gone`", "docs/protocol.md:6:")),
    ("labels are those of the specification", changed("src/core/kdf.h", ", at rest", "", "src/core/kdf.h:2:")),
    ("labels are those of the specification", changed("docs/protocol.md", "`cantiga/1 cipher`", "`cantiga/1 cipher` `cantiga/1 mac`", "docs/protocol.md:2:")),
    ("decisions have numbers of their own", ({"docs/adr/0002-third.md": "# 0002: The third\n"}, "docs/adr/0002-third.md:1:")),
    ("decisions have numbers of their own", ({"docs/adr/0003-third.md": "# 0004: The third\n"}, "docs/adr/0003-third.md:1:")),
    ("decisions have numbers of their own", ({"docs/adr/third.md": "# Third\n"}, "docs/adr/third.md:1:")),
    ("decisions have numbers of their own", in_file("src/core/good.c", "/* docs/adr/0003 */")),
    ("widgets name actions that are there", in_file("data/ui/visible.ui", '<property name="action-name">win.page::library</property>')),
    ("widgets name actions that are there", in_file("data/ui/visible.ui", '<property name="action-name">win.volume</property>')),
    ("widgets name actions that are there", in_file("data/ui/visible.ui", '<attribute name="action">servers.rename</attribute>')),
    ("labels stand on one page", in_file("src/core/good.c", 'expand (key, "cantiga/1 more");')),
]


def write_tree(folder, *trees):
    for tree in trees:
        for path, text in tree.items():
            os.makedirs(os.path.dirname(os.path.join(folder, path)), exist_ok=True)
            with open(os.path.join(folder, path), "w", encoding="utf-8") as file:
                file.write(text)


def check(*trees):
    """Status and output of the check."""
    with tempfile.TemporaryDirectory() as folder, contextlib.redirect_stdout(io.StringIO()) as output:
        write_tree(folder, *trees)
        house.ROOT = folder
        status = house.main()
    return status, output.getvalue()


def failures_of(output):
    return [line.split(" - ", 1)[1] for line in output.splitlines() if line.startswith("not ok")]


def report(number, good, name, output):
    print("%s %d - %s" % ("ok" if good else "not ok", number, name))
    if not good:
        print("".join("# %s\n" % line for line in output.splitlines()), end="")
    return good


def main():
    print("1..%d" % (1 + len(CASES)))
    status, output = check(GOOD)
    good = report(1, status == 0 and not failures_of(output), "a tree that keeps the rules passes", output)
    for number, (rule, (tree, where)) in enumerate(CASES, 2):
        status, output = check(GOOD, tree)
        seen = status == 1 and failures_of(output) == [rule] and "# " + where in output
        good &= report(number, seen, "%s: sees %s" % (rule, where.rstrip(":")), output)
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
