"""Signatures: what they cover, when they hold, and by which key."""

import base64
import hashlib
import re
import time
from email.utils import formatdate

from tests.signals.mail.dmarc.rows import BROKEN, GOOD, PERMANENT, STRICTER, UNALIGNED, UNSIGNED, Row, changed
from tests.signals.mail.dmarc.zone import ED25519, KEY, OTHER, STRONG, WEAK
from tests.support.dkim_signing import FIELDS, mail, signed

NOW = int(time.time())
DAY = 24 * 3600
BAD_SIGNATURE = signed(mail(), OTHER)


ROWS: tuple[Row, ...] = (
    # The signature.
    Row("aligned", GOOD),
    Row("simple canonicalization", signed(mail(), KEY, canonical="simple/simple")),
    Row("relaxed, white space changed on the way", changed(GOOD, b"Subject: Fix it", b"Subject:  Fix \t it ")),
    Row(
        "simple, white space changed on the way",
        changed(signed(mail(), KEY, canonical="simple/simple"), b"Subject: Fix it", b"Subject:  Fix it"),
        *BROKEN,
    ),
    Row("2048 bit", signed(mail(), STRONG, selector="strong")),
    Row("Ed25519", signed(mail(), ED25519, selector="ed")),
    Row("768 bit", signed(mail(), WEAK, selector="weak"), "bad_signature", "policy", "fail", "dmarc_failed"),
    Row("rsa-sha1", signed(mail(), KEY, a="rsa-sha1"), *STRICTER, "SHA-1 is broken (RFC 8301)"),
    Row("no signature", mail(), *UNSIGNED),
    Row("body changed", changed(GOOD, b"Please.", b"Please not."), *BROKEN),
    Row(
        "body hash of another body",
        signed(mail(), KEY, bh=base64.b64encode(hashlib.sha256(b"x").digest()).decode()),
        *BROKEN,
    ),
    Row("subject changed", changed(GOOD, b"Fix it", b"Break it"), *BROKEN),
    Row("author changed", changed(GOOD, b"alice@", b"mallory@"), *BROKEN),
    Row("signature by another key", BAD_SIGNATURE, *BROKEN),
    Row("signature that is no base64", re.sub(rb"b=[A-Za-z0-9+/=]+\r\n", b"b=!!\r\n", GOOD), *BROKEN),
    Row("signature without its hash", changed(GOOD, b"bh=", b"xh="), *PERMANENT),
    Row("version 2", signed(mail(), KEY, v="2"), *PERMANENT),
    Row("unknown algorithm", signed(mail(), KEY, a="rsa-md5"), *PERMANENT),
    Row("unknown canonicalization", changed(GOOD, b"c=relaxed/relaxed", b"c=loose/loose"), *PERMANENT),
    Row("algorithm of another key type", signed(mail(), ED25519, selector="ed", a="rsa-sha256"), *PERMANENT),
    Row(
        "l= with a longer body",
        signed(mail(), KEY, length=9) + b"And pay Mallory.\r\n",
        *STRICTER,
        "l= leaves the rest of the body to anybody",
    ),
    Row("l= of the whole body", signed(mail(), KEY, length=9), *STRICTER, "l= leaves the rest of the body to anybody"),
    Row("q=dns/txt", signed(mail(), KEY, q="dns/txt")),
    Row("q= unknown", signed(mail(), KEY, q="carrier-pigeon"), *PERMANENT),
    Row("i= below d=", signed(mail(), KEY, i="alice@x.example.org")),
    Row("i= beside d=", signed(mail(), KEY, i="alice@example.net"), *PERMANENT),
    # Time.
    Row("x= to come", signed(mail(), KEY, t=str(NOW - 60), x=str(NOW + DAY))),
    Row("x= past", signed(mail(), KEY, t=str(NOW - DAY), x=str(NOW - 3600)), *PERMANENT),
    Row("x= just past", signed(mail(), KEY, t=str(NOW - DAY), x=str(NOW - 600)), *PERMANENT),
    Row("x= before t=", signed(mail(), KEY, t=str(NOW), x=str(NOW - 60)), *PERMANENT),
    Row("t= in an hour", signed(mail(), KEY, t=str(NOW + 3600)), *PERMANENT),
    Row("t= tomorrow", signed(mail(), KEY, t=str(NOW + DAY)), *PERMANENT),
    Row("t= no number", signed(mail(), KEY, t="soon"), "bad_signature", "", "fail", "dmarc_failed"),
    Row(
        "Date a week ago",
        signed(mail(Date=formatdate(NOW - 7 * DAY)), KEY),
        "bad_date",
        "pass",
        "pass",
        "Verified",
        "an old mail that is replayed",
    ),
    Row(
        "Date in a week",
        signed(mail(Date=formatdate(NOW + 7 * DAY)), KEY),
        "bad_date",
        "pass",
        "pass",
        "Verified",
        "an old mail that is replayed",
    ),
    Row("Date four days ago", signed(mail(Date=formatdate(NOW - 4 * DAY)), KEY)),
    # What is covered.
    Row("From is not covered", signed(mail(), KEY, fields="to:subject:date"), *PERMANENT),
    Row(
        "Subject is not covered",
        signed(mail(), KEY, fields="from:to:date"),
        *STRICTER,
        "the subject is part of the prompt",
    ),
    Row(
        "Date is not covered",
        signed(mail(), KEY, fields="from:to:subject"),
        *STRICTER,
        "a replay could bring its own date",
    ),
    Row("Message-ID is not covered", signed(mail(), KEY, fields="from:to:subject:date")),
    Row(
        "a second Subject on top",
        b"Subject: Another\r\n" + GOOD,
        *STRICTER,
        "which of two subjects is signed is not what people see",
    ),
    Row(
        "a second Date on top",
        b"Date: Thu, 01 Jan 2026 00:00:00 +0000\r\n" + GOOD,
        "bad_date",
        "pass",
        "pass",
        "Verified",
        "a replay could bring its own date",
    ),
    Row("covers what is not there", signed(mail(), KEY, fields=FIELDS + ":reply-to:from:subject")),
    Row(
        "Reply-To added to that",
        b"Reply-To: eve@example.net\r\n" + signed(mail(), KEY, fields=FIELDS + ":reply-to"),
        *BROKEN,
    ),
    # Several signatures.
    Row("good below bad", signed(GOOD, OTHER), dkim="fail,pass"),
    Row("bad below good", signed(BAD_SIGNATURE, KEY), dkim="pass,fail"),
    Row("aligned below foreign", signed(GOOD, KEY, "example.net"), dkim="pass,pass"),
    Row("only foreign", signed(mail(), KEY, "example.net"), *UNALIGNED),
    Row(
        "bad aligned, good foreign",
        signed(BAD_SIGNATURE, KEY, "example.net"),
        "not_aligned",
        "pass,fail",
        "fail",
        "dmarc_failed",
    ),
    # The key.
    Row("no key", signed(mail(), KEY, selector="missing"), "bad_signature", "", "fail", "dmarc_failed"),
    Row("revoked key", signed(mail(), KEY, selector="revoked"), *BROKEN),
    Row("key that is none", signed(mail(), KEY, selector="rubbish"), *PERMANENT),
    Row("key of unknown type", signed(mail(), KEY, selector="unknown"), *BROKEN),
    Row("key of version 2", signed(mail(), KEY, selector="version2"), *BROKEN),
    Row("key without version", signed(mail(), KEY, selector="bare")),
    Row("key with notes", signed(mail(), KEY, selector="notes")),
    Row("testing key", signed(mail(), KEY, selector="testing"), *STRICTER, "t=y: who tests wants nobody to rely on it"),
    Row(
        "testing key of several flags",
        signed(mail(), KEY, selector="testing2"),
        *STRICTER,
        "t=y: who tests wants nobody to rely on it",
    ),
    Row("t=s, i= as d=", signed(mail(), KEY, selector="exact", i="alice@example.org")),
    Row("t=s, i= below d=", signed(mail(), KEY, selector="exact", i="alice@x.example.org"), *BROKEN),
    Row("key for SHA-1 alone", signed(mail(), KEY, selector="sha1"), *BROKEN),
    Row("key for both hashes", signed(mail(), KEY, selector="sha256")),
    Row("key for TLS reports", signed(mail(), KEY, selector="tlsrpt"), *BROKEN),
    Row("key for chat", signed(mail(), KEY, selector="chat"), *BROKEN),
    Row("key for e-mail", signed(mail(), KEY, selector="email")),
    Row("key for chat and e-mail", signed(mail(), KEY, selector="services")),
    Row(
        "two keys at one name",
        signed(mail(), KEY, selector="several"),
        *STRICTER,
        "RFC 6376 §3.6.2.2 leaves open which key is meant",
    ),
)
