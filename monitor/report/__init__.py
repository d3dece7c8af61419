"""The coverage of a campaign in figures: made from stories, shown as a page, a document, a table or a workbook."""
