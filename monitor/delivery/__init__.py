"""From a digest (or an alert) to its recipients: queued with it, claimed before sending, confirmed after.

outbox.py    who gets it: rows written in the transaction that makes the edition
dispatch.py  claims, sends, confirms, tries again later; the only room that decides what becomes of an attempt
parcel.py    what is sent, and the words in which a sender says how it went
mail.py smtp.py push.py archive.py webhook.py     one way each; senders.py chooses
service.py   the functions for commands and the scheduler
sample.py    a sample to yourself, of which no ledger knows
"""
