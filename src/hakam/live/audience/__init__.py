"""Questions that the audience of a live event sends: judged as all content is, folded, ranked, chosen by a person."""
