package uploads

import (
	"reelroom/models"
	"reelroom/server/limits"
)

// Usage returns what an organization uses of the limits of unfinished uploads.
func (d *Door) Usage(org string) ([]models.ConsoleLimit, error) {
	all, err := d.shelf.list(org)
	if err != nil {
		return nil, err
	}
	var held limits.Held
	for _, u := range all {
		if !d.expired(u) {
			held.Add(u.Size)
		}
	}
	return d.Limits.UnfinishedUsage(held), nil
}
