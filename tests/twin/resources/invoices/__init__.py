"""Invoices: their lines and totals, finalizing, paying, and the preview of the next one."""
