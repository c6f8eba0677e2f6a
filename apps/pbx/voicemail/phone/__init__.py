"""What callers and owners hear of a mailbox, and what their keys do."""
