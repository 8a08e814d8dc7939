#![doc = "midwatch"]
