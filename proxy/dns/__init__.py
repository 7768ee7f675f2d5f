"""The sandbox's only name server: it answers from itself and forwards nothing (network.md §2)."""
