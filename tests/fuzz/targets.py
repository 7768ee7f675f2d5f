"""What an enemy writes, and what must be true of it whatever the bytes are.

A target takes bytes and raises on anything wrong: AssertionError, or any exception that is not the refusal its parser
promises. Hypothesis and libFuzzer drive the same ones.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.fuzz import aws, connection, dns, github, http, json_bodies, mail, mail_text, policy


@dataclass(frozen=True)
class Target:
    """`seeds` are well-formed inputs to begin from, `words` what inputs of the kind are made of."""

    name: str
    check: Callable[[bytes], None]
    seeds: tuple[bytes, ...]
    words: tuple[bytes, ...] = ()


TARGETS = (
    Target("dns-query", dns.query, dns.QUERIES, dns.WORDS),
    Target("dns-answer", dns.reply, dns.REPLIES, dns.WORDS),
    Target("request-target", http.target, http.TARGETS, http.TARGET_WORDS),
    Target("http1-head", http.head, http.HEADS, http.HEAD_WORDS),
    Target("http1-connection", connection.stream, connection.STREAMS, connection.WORDS),
    Target("http2-fields", http.fields, http.FIELDS, http.HEAD_WORDS),
    Target("content-coding", http.coding, http.CODED),
    Target("graphql", json_bodies.graphql, json_bodies.OPERATIONS, json_bodies.GRAPHQL_WORDS),
    Target("github-id", github.node_id, github.IDS, github.ID_WORDS),
    Target("github-scope", github.document, github.DOCUMENTS, github.WORDS),
    Target("model-api", json_bodies.model_api, json_bodies.MESSAGES, json_bodies.MODEL_WORDS),
    Target("sigv4-header", aws.header, aws.HEADERS, aws.WORDS),
    Target("sigv4-query", aws.query, aws.QUERIES, aws.WORDS),
    Target("sigv4-chunks", aws.chunked, aws.CHUNKED, aws.WORDS),
    Target("mail-header", mail.header, mail.HEADERS, mail.WORDS),
    Target("authentication-results", mail.results, mail.RESULTS, mail.WORDS),
    Target("mail-author", mail.author, mail.AUTHORS, mail.WORDS),
    Target("mail-message", mail_text.message, mail_text.MESSAGES, mail_text.WORDS),
    Target("mail-html", mail_text.html, mail_text.HTML, mail_text.WORDS),
    Target("mail-signature", mail_text.signature, mail_text.SIGNED, mail_text.WORDS),
    Target("allowlist", policy.allowlist, policy.ALLOWLISTS, policy.WORDS),
)
