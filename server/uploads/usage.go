package uploads

import (
	"reelroom/models"
)

// Usage returns what an organization uses of the limits of unfinished uploads.
func (d *Door) Usage(org string) ([]models.ConsoleLimit, error) {
	h := d.index.of(org)
	if err := d.refresh(h); err != nil {
		return nil, err
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	return d.Limits.UnfinishedUsage(d.held(h)), nil
}
