"""Senders: whose signature speaks for an author, what happens on the way, and what is spoofed."""

from tests.signals.mail.dmarc.rows import (
    BAD_FROM,
    BROKEN,
    GOOD,
    LAXER,
    NO_POLICY,
    UNALIGNED,
    UNSIGNED,
    Row,
    by,
    changed,
)
from tests.signals.mail.dmarc.zone import KEY
from tests.support.dkim_signing import mail, sealed, signed

ROWS: tuple[Row, ...] = (
    # Alignment and policy.
    Row("relaxed: signed below", by("example.org", "mail.example.org")),
    Row("relaxed: signed above", by("mail.example.org", "example.org")),
    Row("relaxed: signed beside", by("a.example.org", "mail.example.org")),
    Row("name that ends alike", by("example.org", "badexample.org"), *UNALIGNED),
    Row(
        "signed by the top-level domain",
        by("example.org", "org"),
        *LAXER,
        "a registry does not speak for who registers there",
    ),
    Row("strict: the same", by("strict.org", "strict.org")),
    Row(
        "strict: signed below",
        by("strict.org", "mail.strict.org"),
        *LAXER,
        "adkim=s: the domains must be equal, which OpenDMARC asks of one side only",
    ),
    Row("strict: signed above", by("mail.strict.org", "strict.org"), *UNALIGNED),
    Row("sp=: a subdomain without its own policy", by("new.example.org", "example.org")),
    Row("subdomain with a strict policy of its own", by("own.example.org", "example.org"), *UNALIGNED),
    Row("that subdomain itself", by("own.example.org", "own.example.org")),
    Row(
        "psd=n: signed above",
        by("department.example.org", "example.org"),
        *LAXER,
        "psd=n: an organization of its own (RFC 9989), which OpenDMARC does not know",
    ),
    Row("psd=n: signed below", by("department.example.org", "x.department.example.org")),
    Row(
        "psd=n: author above",
        by("example.org", "department.example.org"),
        *LAXER,
        "psd=n: an organization of its own (RFC 9989), which OpenDMARC does not know",
    ),
    Row("psd=y: the firm below", by("firm.co.uk", "mail.firm.co.uk")),
    Row("psd=y: a neighbour", by("firm.co.uk", "other.co.uk"), *UNALIGNED),
    Row(
        "psd=y: the registry itself",
        by("firm.co.uk", "co.uk"),
        *LAXER,
        "a registry does not speak for who registers there",
    ),
    Row("registry without psd=: a neighbour", by("firm.ac.uk", "other.ac.uk"), *NO_POLICY),
    Row("registry without psd=: the registry itself", by("firm.ac.uk", "ac.uk"), *NO_POLICY),
    Row(
        "psd=y of a private registry",
        by("only.psd.org", "psd.org"),
        "no_dmarc_record",
        "pass",
        "pass",
        "Verified",
        "psd=y: a registry does not speak for who registers there",
    ),
    Row("a deep subdomain", by("a.b.c.d.e.f.g.h.i.deep.example.com", "deep.example.com")),
    Row("international domain", by("xn--mller-kva.org", "xn--mller-kva.org")),
    Row("no policy", by("nopolicy.org", "nopolicy.org"), *NO_POLICY),
    Row("no policy: signed below", by("nopolicy.org", "mail.nopolicy.org"), *NO_POLICY),
    Row(
        "two policies",
        by("two.org", "two.org"),
        "no_dmarc_record",
        "pass",
        "pass",
        "Verified",
        "RFC 9989 §4.7: several records are none",
    ),
    Row(
        "malformed policy", by("malformed.org", "malformed.org"), "no_dmarc_record", "pass", "permerror", "dmarc_failed"
    ),
    Row(
        "policy that does not begin with its version",
        by("late.org", "late.org"),
        "no_dmarc_record",
        "pass",
        "pass",
        "Verified",
        "RFC 9989 §4.7: such a record is none",
    ),
    # On the way.
    Row("forwarded as it is", b"Received: from relay.example.net by mx.test; now\r\nX-Forwarded-For: a b\r\n" + GOOD),
    Row("list: footer added", GOOD + b"-- \r\nTo unsubscribe, write to us\r\n", *BROKEN),
    Row("list: subject tagged", changed(GOOD, b"Subject: Fix", b"Subject: [list] Fix"), *BROKEN),
    Row(
        "list: footer added and signed by it",
        signed(GOOD + b"-- \r\nTo unsubscribe\r\n", KEY, "lists.example.net"),
        "not_aligned",
        "pass,fail",
        "fail",
        "dmarc_failed",
    ),
    Row("ARC, unchanged", sealed(GOOD, KEY, "lists.example.net")),
    Row("ARC, subject changed", changed(sealed(GOOD, KEY, "lists.example.net"), b"Fix it", b"[list] Fix it"), *BROKEN),
    Row("ARC alone", sealed(mail(), KEY, "lists.example.net"), *UNSIGNED),
    # Spoofed.
    Row(
        "forged results", b"Authentication-Results: mx.test; dmarc=pass header.from=example.org\r\n" + mail(), *UNSIGNED
    ),
    Row(
        "forged results of another server",
        b"Authentication-Results: mx.google.com; dmarc=pass header.from=example.org\r\n" + mail(),
        *UNSIGNED,
    ),
    Row(
        "forged results in a comment",
        b"Authentication-Results: x (mx.test; dmarc=pass); dkim=none\r\n" + mail(),
        *UNSIGNED,
    ),
    Row(
        "forged DKIM results",
        b"Authentication-Results: mx.test; dkim=pass header.d=example.org\r\n" + mail(),
        *UNSIGNED,
    ),
    Row(
        "display name of another", signed(mail('"alice@example.org" <eve@example.net>'), KEY, "example.net"), *NO_POLICY
    ),
    Row("comment with another", signed(mail("eve@example.net (alice@example.org)"), KEY, "example.net"), *NO_POLICY),
    Row("comment before the address", signed(mail("(eve@example.net) alice@example.org"), KEY)),
    Row("comment within the address", signed(mail("alice(eve)@(x)example.org"), KEY)),
    Row("quoted name with brackets", signed(mail('"<eve@example.net>" <alice@example.org>'), KEY)),
    Row("folded From", signed(mail("Alice\r\n <alice@example.org>"), KEY)),
    Row("encoded name", signed(mail("=?utf-8?q?J=C3=BCrgen?= <j@example.org>"), KEY)),
    Row(
        "two addresses in From",
        signed(mail("alice@example.org, eve@example.net"), KEY),
        "bad_from",
        "pass",
        "",
        "bad_from",
    ),
    Row(
        "two addresses of one domain",
        signed(mail("alice@example.org, bob@example.org"), KEY),
        *BAD_FROM,
        "exactly one author: who would be answered?",
    ),
    Row(
        "two From, both signed",
        signed(b"From: eve@example.net\r\n" + mail(), KEY, fields="from:from:subject:date"),
        "bad_from",
        "pass",
        "none",
        "bad_from",
    ),
    Row("two From, one signed", b"From: eve@example.net\r\n" + GOOD, "bad_from", "pass", "none", "bad_from"),
    Row(
        "group in From",
        signed(mail("Friends: alice@example.org;"), KEY),
        *BAD_FROM,
        "exactly one author: a group is none",
    ),
    Row(
        "no From",
        signed(mail().replace(b"From:", b"Sender:"), KEY, fields="from:subject:date"),
        "bad_from",
        "permerror",
        "",
        "bad_from",
    ),
    Row("empty From", signed(mail("<>"), KEY), "bad_from", "permerror", "", "bad_from"),
    Row(
        "encoded address", signed(mail("=?utf-8?q?alice=40example.org?="), KEY), "bad_from", "permerror", "", "bad_from"
    ),
    Row(
        "quoted local part with @",
        signed(mail('"eve@example.net"@example.org'), KEY),
        *BAD_FROM,
        "readers disagree about such addresses",
    ),
    Row(
        "brackets twice",
        signed(mail("<eve@example.net> <alice@example.org>"), KEY),
        "bad_from",
        "pass",
        "none",
        "bad_from",
    ),
    Row(
        "unbalanced brackets",
        signed(mail("Alice <alice@example.org"), KEY),
        *BAD_FROM,
        "readers disagree about such addresses",
    ),
    Row(
        "source route",
        signed(mail("<@example.net:alice@example.org>"), KEY),
        *BAD_FROM,
        "readers disagree about such addresses",
    ),
    Row("Sender of another", signed(mail(Sender="eve@example.net"), KEY)),
)
