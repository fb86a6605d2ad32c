// Renders templates with Go's text/template, as Testground renders compositions.
//
// Reads a JSON list of templates from standard input and writes a JSON list of what becomes of them:
//
//	go run templates.go < templates.json > templates.expected.json
//
// templates.expected.json was written by go1.19.8 linux/amd64. The functions are those of
// Testground; `load_resource` gives the table below, and `toml` is left out because it needs a
// library. A variable that is not set is left out as well: it is an empty text for us, and `<no
// value>` for Go.
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"text/template"
)

type result struct {
	Template string  `json:"template"`
	Output   *string `json:"output"`
	Refusal  string  `json:"refusal,omitempty"`
}

func resource() map[string]interface{} {
	table := func(id string) map[string]interface{} { return map[string]interface{}{"id": id} }
	return map[string]interface{}{
		"version": "1.18",
		"empty":   "",
		"list":    []interface{}{"x", "y"},
		"none":    []interface{}{},
		"count":   int64(3),
		"zero":    int64(0),
		"ratio":   1.5,
		"on":      true,
		"off":     false,
		"values":  []map[string]interface{}{table("a"), table("b")},
		"master":  map[string]interface{}{"tag": "m", "n": int64(1)},
	}
}

func render(source string) (output *string, refusal string) {
	defer func() {
		if reason := recover(); reason != nil {
			output, refusal = nil, fmt.Sprint(reason)
		}
	}()
	env := map[string]string{"NAME": "swarm", "N": "12", "EMPTY": ""}
	functions := template.FuncMap{
		"pick": func(v map[string]interface{}, key string) map[string]interface{} {
			return map[string]interface{}{key: v[key]}
		},
		"withEnv": func(value map[string]interface{}) map[string]interface{} {
			result := map[string]interface{}{"Env": env}
			for key, item := range value {
				result[key] = item
			}
			return result
		},
		"split": func(text string) []string { return strings.Split(text, ",") },
		"atoi":  func(text string) (int, error) { return strconv.Atoi(text) },
		"load_resource": func(path string) (map[string]interface{}, error) {
			if path != "r.toml" {
				return nil, fmt.Errorf("not there")
			}
			return resource(), nil
		},
	}
	parsed, err := template.New("tpl").Funcs(functions).Parse(source)
	if err != nil {
		return nil, err.Error()
	}
	var out bytes.Buffer
	if err := parsed.Execute(&out, &struct{ Env map[string]string }{env}); err != nil {
		return nil, err.Error()
	}
	text := out.String()
	return &text, ""
}

func main() {
	var sources []string
	if err := json.NewDecoder(os.Stdin).Decode(&sources); err != nil {
		panic(err)
	}
	results := make([]result, 0, len(sources))
	for _, source := range sources {
		output, refusal := render(source)
		results = append(results, result{source, output, refusal})
	}
	encoder := json.NewEncoder(os.Stdout)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(results); err != nil {
		panic(err)
	}
}
