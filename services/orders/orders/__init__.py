"""Orders: orders, event-sourced."""
