"""The fence around a sandbox: mitmproxy addons, the DNS responder, and the rules both are held to."""
