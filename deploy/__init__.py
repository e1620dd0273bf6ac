"""What puts the product on a machine."""
