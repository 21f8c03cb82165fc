"""What the shop shows and hears over HTTP: signed webhooks, shoppers' pages, its own health."""
