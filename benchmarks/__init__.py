"""Speed and quality as numbers: `python -m benchmarks [NAME...]`, ratios in one run against what a user would pick instead."""
