"""Notifications: e-mail, tickets with QR codes, the inbox of the customer."""
