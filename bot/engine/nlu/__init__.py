"""NLU components: letter folding, intent classifier, entity extractor."""
