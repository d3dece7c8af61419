"""Pure extraction: page -> article. Nothing here asks the network or knows Scrapy; it runs in worker processes."""
