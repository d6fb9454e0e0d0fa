//go:build !unix || stock

package socketio

func asLoadClient() {}
