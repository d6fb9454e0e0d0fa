package main

import (
	"fmt"
	"time"

	"reelroom/models"
)

type tokenCommand struct {
	User string        `help:"Claim userId." default:"admin"`
	Org  string        `help:"Claim organizationId." default:"local"`
	Role string        `help:"Claim role: admin, editor, viewer or service." default:"admin" enum:"admin,editor,viewer,service"`
	TTL  time.Duration `name:"ttl" help:"How long the token is valid; --ttl=-1m makes an expired one." default:"24h"`
}

func (c tokenCommand) Run(a *app) error {
	for _, id := range []string{c.User, c.Org} {
		if err := models.CheckID(id); err != nil {
			return usage("%q cannot be an id: %v", id, err)
		}
	}
	token, claims, err := a.mint(person{c.User, c.Org, models.Role(c.Role)}, c.TTL, time.Now())
	if err != nil {
		return err
	}
	if a.JSON {
		return a.print(struct {
			Token  string         `json:"token"`
			Claims map[string]any `json:"claims"`
		}{token, claims})
	}
	_, err = fmt.Fprintln(a.out, token)
	return err
}
