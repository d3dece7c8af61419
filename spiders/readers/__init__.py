"""Pure readers: bytes -> entries. Nothing here asks the network or knows Scrapy."""
