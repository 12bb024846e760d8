"""What can be known of the demo shop's customers: by counting (naive), and by an oracle that knows how it was made."""
