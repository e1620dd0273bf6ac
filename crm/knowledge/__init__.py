"""What the company knows: documents, their passages, and the versions of all of them."""
