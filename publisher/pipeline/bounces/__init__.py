"""Bounces and complaints by mail, believed or not, and put into the books."""
