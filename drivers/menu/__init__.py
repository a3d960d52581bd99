"""The cloud that a restaurant's menu may come from."""
