package auth

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"

	"reelroom/models"
)

const (
	// maxKeySetBytes and maxKeys bound the answer of the issuer.
	maxKeySetBytes = 512 << 10
	maxKeys        = 256
)

// setKey is a public key and the one algorithm that it is for.
type setKey struct {
	alg string
	key any
}

// fetch asks the issuer for the set.
func (s *keySet) fetch(ctx context.Context) (map[string][]setKey, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, s.url, nil)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Accept", "application/jwk-set+json, application/json")
	answer, err := s.client.Do(request)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close() //nolint:errcheck // it was read
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("the issuer answered with status %d", answer.StatusCode)
	}
	raw, err := io.ReadAll(io.LimitReader(answer.Body, maxKeySetBytes+1))
	if err != nil {
		return nil, err
	}
	if len(raw) > maxKeySetBytes {
		return nil, fmt.Errorf("the answer is longer than %d bytes", maxKeySetBytes)
	}
	return s.parse(raw)
}

// parse reads a key set (RFC 7517, section 5). A key that cannot be used here is
// left out.
func (s *keySet) parse(raw []byte) (map[string][]setKey, error) {
	var set struct {
		Keys *[]json.RawMessage `json:"keys"`
	}
	if models.DeeperThan(raw, models.MaxJSONDepth) {
		return nil, models.ErrJSONDepth
	}
	if err := json.Unmarshal(raw, &set); err != nil {
		return nil, errors.New("the answer is not a JSON object")
	}
	if set.Keys == nil {
		return nil, errors.New("the answer has no list of keys")
	}
	if len(*set.Keys) > maxKeys {
		return nil, fmt.Errorf("the answer has more than %d keys", maxKeys)
	}
	keys := map[string][]setKey{}
	for i, one := range *set.Keys {
		kid, key, err := parseKey(one)
		if err != nil {
			s.logger.Debug("a key of the token issuer is not used", "index", i, "reason", err)
			continue
		}
		keys[kid] = append(keys[kid], key)
	}
	return keys, nil
}
