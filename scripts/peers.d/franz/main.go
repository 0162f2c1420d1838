// Produces records with franz-go as fast as it takes them, or at a rate, and prints one line of
// JSON. One goroutine produces; records come from a pool; values are one static payload, which is
// the cheapest way to use the client.
package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"net"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/twmb/franz-go/pkg/kgo"
)

type settings struct {
	brokers, topic, acks         string
	records, size, batch, buffer int
	inFlight, rate, sendBuffer   int
	linger                       time.Duration
	idempotence                  bool
}

func flags() settings {
	var s settings
	flag.StringVar(&s.brokers, "brokers", "127.0.0.1:9092", "comma-separated host:port")
	flag.StringVar(&s.topic, "topic", "", "the topic, which must exist")
	flag.StringVar(&s.acks, "acks", "1", "0, 1 or all")
	flag.IntVar(&s.records, "records", 1_000_000, "records to send")
	flag.IntVar(&s.size, "record-size", 100, "bytes of each value")
	flag.IntVar(&s.batch, "batch-size", 131_072, "bytes at which a batch is full")
	flag.IntVar(&s.buffer, "buffer-memory", 33_554_432, "bytes of records that may wait")
	flag.IntVar(&s.inFlight, "max-in-flight", 5, "requests on the way to a broker")
	flag.IntVar(&s.rate, "rate", 0, "records a second; 0: as fast as it goes")
	flag.IntVar(&s.sendBuffer, "send-buffer", 0, "SO_SNDBUF; 0: the system's own")
	flag.DurationVar(&s.linger, "linger", 5*time.Millisecond, "wait for more records")
	flag.BoolVar(&s.idempotence, "idempotence", false, "needs acks=all and 5 in flight")
	flag.Parse()
	return s
}

func (s settings) options() ([]kgo.Opt, error) {
	acks, ok := map[string]kgo.Acks{
		"0": kgo.NoAck(), "1": kgo.LeaderAck(), "all": kgo.AllISRAcks(), "-1": kgo.AllISRAcks(),
	}[s.acks]
	if !ok {
		return nil, fmt.Errorf("-acks %q: expected 0, 1 or all", s.acks)
	}
	options := []kgo.Opt{
		kgo.SeedBrokers(strings.Split(s.brokers, ",")...),
		kgo.DefaultProduceTopic(s.topic),
		kgo.RequiredAcks(acks),
		kgo.ProducerLinger(s.linger),
		kgo.ProducerBatchMaxBytes(int32(s.batch)),
		kgo.ProducerBatchCompression(kgo.NoCompression()),
		// Bytes bound what waits, as with the others; the bound by count is out of the way.
		kgo.MaxBufferedRecords(1 << 30),
		kgo.MaxBufferedBytes(s.buffer),
		kgo.Dialer(s.dial),
	}
	if s.idempotence {
		if s.inFlight != 5 {
			return nil, errors.New("with idempotence franz-go always has 5 requests in flight")
		}
		return options, nil
	}
	return append(options, kgo.DisableIdempotentWrite(),
		kgo.MaxProduceRequestsInflightPerBroker(s.inFlight)), nil
}

// Connects to a broker.
func (s settings) dial(context context.Context, network, host string) (net.Conn, error) {
	conn, err := (&net.Dialer{Timeout: 10 * time.Second}).DialContext(context, network, host)
	if socket, ok := conn.(*net.TCPConn); ok && err == nil && s.sendBuffer > 0 {
		err = socket.SetWriteBuffer(s.sendBuffer)
	}
	return conn, err
}

// Returns how many of the first `records` are due `since` the start.
func (s settings) due(since time.Duration) int {
	if s.rate <= 0 {
		return s.records
	}
	return min(s.records, int(since.Seconds()*float64(s.rate)))
}

func run(s settings) error {
	options, err := s.options()
	if err != nil {
		return err
	}
	client, err := kgo.NewClient(options...)
	if err != nil {
		return err
	}
	defer client.Close()
	context := context.Background()
	if err := client.Ping(context); err != nil {
		return err
	}

	value := make([]byte, s.size)
	for at := range value {
		value[at] = byte('a' + at%26)
	}
	pool := sync.Pool{New: func() any { return new(kgo.Record) }}
	var delivered, failed atomic.Int64
	var first atomic.Pointer[error]
	ended := func(record *kgo.Record, err error) {
		if err != nil {
			failed.Add(1)
			first.CompareAndSwap(nil, &err)
		} else {
			delivered.Add(1)
		}
		*record = kgo.Record{}
		pool.Put(record)
	}

	start := time.Now()
	for sent := 0; sent < s.records; {
		until := s.due(time.Since(start))
		if sent >= until {
			time.Sleep(time.Millisecond)
			continue
		}
		for ; sent < until; sent++ {
			record := pool.Get().(*kgo.Record)
			record.Value = value
			client.Produce(context, record, ended)
		}
	}
	if err := client.Flush(context); err != nil {
		return err
	}
	seconds := time.Since(start).Seconds()
	if err := first.Load(); err != nil {
		fmt.Fprintln(os.Stderr, "franz: the first failure:", *err)
	}
	return json.NewEncoder(os.Stdout).Encode(map[string]any{
		"delivered": delivered.Load(), "failed": failed.Load(), "seconds": seconds,
	})
}

func main() {
	if err := run(flags()); err != nil {
		fmt.Fprintln(os.Stderr, "franz:", err)
		os.Exit(1)
	}
}
