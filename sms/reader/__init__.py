"""Reading of texts: a text and the brand directory become the wish in it."""
