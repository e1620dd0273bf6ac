"""Files that customers and operators send: fetched, checked, kept and given out."""
