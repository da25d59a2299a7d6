-- Whether who booked belonged to the listing's company then. NULL: not known (booked before this column was there, brought
-- by an import, or passport could not be asked).
ALTER TABLE booking ADD COLUMN by_member boolean;
