"""Huawei's receipts."""
