package record

import (
	"time"

	"reelroom/models"
)

var errID = models.Errorf(models.CodeInvalid, "This is not an id.")

// FirstOrganization returns o as a new record.
func FirstOrganization(o models.Organization, now time.Time) (models.Organization, error) {
	if !models.ValidID(o.ID) {
		return models.Organization{}, errID
	}
	o.Version, o.CreatedAt = 1, Moment(now)
	return o, nil
}

// StepOrganization applies a change to a record that was just read.
func StepOrganization(o models.Organization, c models.OrganizationChange, now time.Time) (models.Organization, error) {
	before := o
	if err := c(&o, Moment(now)); err != nil {
		return models.Organization{}, err
	}
	o.ID, o.CreatedAt, o.Version = before.ID, before.CreatedAt, before.Version+1
	return o, nil
}

// FirstUser returns u as a new record of the organization.
func FirstUser(org string, u models.User, now time.Time) (models.User, error) {
	if !models.ValidID(org) || !models.ValidID(u.ID) || u.Email == "" {
		return models.User{}, errID
	}
	now = Moment(now)
	u.OrganizationID, u.Version, u.CreatedAt, u.SeenAt = org, 1, now, now
	return u, nil
}

// StepUser applies a change to a record that was just read.
func StepUser(u models.User, c models.UserChange, now time.Time) (models.User, error) {
	before := u
	if err := c(&u, Moment(now)); err != nil {
		return models.User{}, err
	}
	u.ID, u.OrganizationID, u.Email, u.First, u.CreatedAt = before.ID, before.OrganizationID, before.Email, before.First, before.CreatedAt
	u.Version = before.Version + 1
	return u, nil
}
