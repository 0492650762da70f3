"""Labels of bags and lists to sign, as PDF; needs the extra `labels`."""
