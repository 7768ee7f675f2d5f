"""A Slack workspace on sockets, for the real slack-bolt and slack_sdk: Web API, Socket Mode, files.

It refuses what the Web API documents as wrong (https://docs.slack.dev/reference/methods), so that a request that passes
here is one that Slack takes.
"""
