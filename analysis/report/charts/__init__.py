"""Charts, each described once: what they show and what they are drawn from; and the page's renderer of them."""
