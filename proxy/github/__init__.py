"""What is particular to GitHub: node ids, and the repositories that a GraphQL request may name."""
