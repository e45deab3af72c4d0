// Payments once more, in Go: as little as speaks the contract. It hears of orders and says what became of their money.
//
// It stands in for services/payments in a proof: what the two have in common is events and one call of orders, neither
// code nor database. Its books are in memory; each entry is a line of standard output.
package main

import (
	"bytes"
	"context"
	"crypto/sha1"
	"encoding/json"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net/http"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kversion"
)

// The service whose place this is: its consumer group goes on where the last member stopped, and its topic is written to.
const name = "payments"

// How many orders one call asks about, and how long to wait before it is made again.
const (
	askedAtOnce = 200
	pause       = 100 * time.Millisecond
)

type money struct {
	Amount   int64  `json:"amount"`
	Currency string `json:"currency"`
}

// order is what payments needs to know of order.placed and order.cancelled.
type order struct {
	ID    string `json:"order_id"`
	Total money  `json:"total"`
}

// tokens is what orders answers: by what each order is paid. Without a token there is nothing to pay it by.
type tokens struct {
	Items []struct {
		Order string  `json:"order_id"`
		Token *string `json:"token"`
	} `json:"items"`
}

// payment is the data of payment.captured, payment.declined and payment.refunded.
type payment struct {
	Order   string `json:"order_id"`
	Payment string `json:"payment_id,omitempty"`
	Amount  *money `json:"amount,omitempty"`
	Reason  string `json:"reason,omitempty"`
}

type entry struct {
	Order   string `json:"order"`
	Payment string `json:"payment"`
	State   string `json:"state"`
	Total   money  `json:"total"`
}

type service struct {
	client *kgo.Client
	books  map[string]entry
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM, syscall.SIGINT)
	defer stop()
	go func() { // it ends with whoever has started it
		_, _ = io.Copy(io.Discard, os.Stdin)
		stop()
	}()
	client, err := kgo.NewClient(
		kgo.SeedBrokers(strings.Split(os.Getenv("KAFKA_BOOTSTRAP_SERVERS"), ",")...),
		kgo.ConsumerGroup(name),
		kgo.ConsumeTopics("orders"),
		kgo.ConsumeResetOffset(kgo.NewOffset().AtStart()),
		kgo.Balancers(kgo.RoundRobinBalancer()), // as the members in Python: one group agrees on one
		kgo.SessionTimeout(6*time.Second),
		kgo.RebalanceTimeout(3*time.Second),
		kgo.HeartbeatInterval(time.Second),
		kgo.DisableAutoCommit(),
		kgo.ProducerBatchCompression(kgo.NoCompression()), // part of the contract
		kgo.DisableIdempotentWrite(),                      // the consumers know each event by its id
		kgo.MaxVersions(kversion.V2_8_0()),                // the embedded broker hangs up on later ones
	)
	if err != nil {
		log.Fatal(err)
	}
	defer client.Close()
	if err := (&service{client, map[string]entry{}}).run(ctx); err != nil {
		log.Fatal(err)
	}
}

// run answers events until ctx ends. Offsets are committed when the answers are in Kafka: what a crash interrupts comes
// again, gets the same answers with the same ids, and nobody heeds them twice.
func (s *service) run(ctx context.Context) error {
	for {
		fetches := s.client.PollFetches(ctx)
		if ctx.Err() != nil {
			return nil
		}
		for _, failure := range fetches.Errors() {
			log.Printf("%s: %v", failure.Topic, failure.Err) // the client tries again by itself
		}
		paidBy, err := s.ask(ctx, fetches.Records())
		if err != nil {
			return err
		}
		var answers []*kgo.Record
		for _, record := range fetches.Records() {
			answer, err := s.answer(record, paidBy)
			if err != nil {
				return err
			}
			if answer != nil {
				answers = append(answers, answer)
			}
		}
		finish := context.WithoutCancel(ctx)
		if err := s.client.ProduceSync(finish, answers...).FirstErr(); err != nil {
			return err
		}
		if err := s.client.CommitUncommittedOffsets(finish); err != nil {
			return err
		}
	}
}

// ask has orders say by what the orders of these events are paid: no event says it. While orders is away it asks again.
func (s *service) ask(ctx context.Context, records []*kgo.Record) (map[string]string, error) {
	var placed []string
	for _, record := range records {
		if id := string(record.Key); header(record, "ce_type") == "order.placed" && s.books[id].Order == "" {
			placed = append(placed, id)
		}
	}
	paidBy := map[string]string{}
	for start := 0; start < len(placed); start += askedAtOnce {
		some := placed[start:min(start+askedAtOnce, len(placed))]
		for {
			found, err := request(ctx, some)
			if err == nil {
				for _, item := range found.Items {
					if item.Token != nil {
						paidBy[item.Order] = *item.Token
					}
				}
				break
			}
			log.Printf("orders: %v", err)
			select {
			case <-ctx.Done():
				return nil, nil
			case <-time.After(pause):
			}
		}
	}
	return paidBy, nil
}

func request(ctx context.Context, orders []string) (*tokens, error) {
	body, err := json.Marshal(map[string][]string{"order_ids": orders})
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, 2*time.Second)
	defer cancel()
	call, err := http.NewRequestWithContext(ctx, http.MethodPost, ordersURL()+"/internal/payment-tokens", bytes.NewReader(body))
	if err != nil {
		return nil, err
	}
	call.Header.Set("content-type", "application/json")
	answer, err := http.DefaultClient.Do(call)
	if err != nil {
		return nil, err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("answered %s", answer.Status)
	}
	var found tokens
	if err := json.NewDecoder(answer.Body).Decode(&found); err != nil {
		return nil, err
	}
	if len(found.Items) < len(orders) {
		return nil, fmt.Errorf("knows %d of %d orders", len(found.Items), len(orders))
	}
	return &found, nil
}

// ordersURL is one of the instances of orders, or the one address that a platform gives them.
func ordersURL() string {
	instances := strings.Split(os.Getenv("ORDERS_URLS"), ",")
	return instances[rand.IntN(len(instances))]
}

// answer says what follows from an event, if anything.
func (s *service) answer(record *kgo.Record, paidBy map[string]string) (*kgo.Record, error) {
	kind := header(record, "ce_type")
	if kind != "order.placed" && kind != "order.cancelled" {
		return nil, nil
	}
	var heard order
	if err := json.Unmarshal(record.Value, &heard); err != nil {
		return nil, err
	}
	if kind == "order.cancelled" {
		return s.refund(record, heard)
	}
	return s.charge(record, heard, paidBy[heard.ID])
}

// charge takes the money as the simulator of payment providers does. What was cancelled beforehand stays as it is.
func (s *service) charge(record *kgo.Record, heard order, token string) (*kgo.Record, error) {
	booked, known := s.books[heard.ID]
	if !known {
		booked = entry{Order: heard.ID, Payment: uuid("payment", heard.ID), State: "declined", Total: heard.Total}
		if token == "tok_visa" {
			booked.State = "captured"
		}
		s.book(booked)
	}
	switch booked.State {
	case "captured":
		return event(record, "payment.captured", payment{Order: booked.Order, Payment: booked.Payment, Amount: &booked.Total})
	case "declined":
		return event(record, "payment.declined", payment{Order: booked.Order, Reason: "card-declined"})
	}
	return nil, nil
}

// refund gives back what was taken, and has nothing taken from now on.
func (s *service) refund(record *kgo.Record, heard order) (*kgo.Record, error) {
	booked, known := s.books[heard.ID]
	if !known {
		s.book(entry{Order: heard.ID, Payment: uuid("payment", heard.ID), State: "closed"})
	}
	if booked.State != "captured" && booked.State != "refunded" {
		return nil, nil
	}
	booked.State = "refunded"
	s.book(booked)
	return event(record, "payment.refunded", payment{Order: booked.Order, Payment: booked.Payment, Amount: &booked.Total})
}

func (s *service) book(booked entry) {
	s.books[booked.Order] = booked
	line, _ := json.Marshal(booked)
	fmt.Println(string(line))
}

// event is a CloudEvent in binary mode: the envelope in headers, the data as JSON in the value.
func event(cause *kgo.Record, kind string, data payment) (*kgo.Record, error) {
	value, err := json.Marshal(data)
	if err != nil {
		return nil, err
	}
	headers := map[string]string{
		"ce_specversion": "1.0",
		"ce_id":          uuid(kind, data.Order),
		"ce_type":        kind,
		"ce_source":      name,
		"ce_time":        time.Now().UTC().Format(time.RFC3339Nano),
		"content-type":   "application/json",
		"traceparent":    header(cause, "traceparent"),
	}
	record := &kgo.Record{Topic: name, Key: []byte(data.Order), Value: value}
	for key, text := range headers {
		record.Headers = append(record.Headers, kgo.RecordHeader{Key: key, Value: []byte(text)})
	}
	return record, nil
}

func header(record *kgo.Record, key string) string {
	for _, each := range record.Headers {
		if each.Key == key {
			return string(each.Value)
		}
	}
	return ""
}

// uuid is the same for the same words, so that an event that is sent again is known: version 5 of RFC 9562.
func uuid(kind, order string) string {
	sum := sha1.Sum([]byte("boxoffice" + kind + order))
	sum[6], sum[8] = sum[6]&0x0f|0x50, sum[8]&0x3f|0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", sum[:4], sum[4:6], sum[6:8], sum[8:10], sum[10:16])
}
