"""What is known beside behaviour: attributes with their authority, consents, and what may never be written."""
