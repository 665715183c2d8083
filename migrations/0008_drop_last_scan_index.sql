-- What a scan of an unchanged pool writes: the last scan of each image, in its row alone.

-- Only pruning looks for images by their last scan. It makes the index for itself.
DROP INDEX image_by_last_scan;
