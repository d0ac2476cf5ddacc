-- Migration 10: what was seen at the last look at DNS, for people who ask why.

-- JSON: what each resolver said, who answered behind foreign addresses, CAA
ALTER TABLE domain ADD COLUMN sight TEXT;
