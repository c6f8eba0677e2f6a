"""What the two webs share: the shell around a page, forms over documents, lists, and how calls and phones are shown."""
