#!/usr/bin/perl
# read-group.pl PORT GROUP [USER PASSWORD]: what a classic newsreader does, by Perl's own Net::NNTP: it posts to the
# group of the server on 127.0.0.1, and reads the group by number, by steps and by message-id. Dies of the first surprise.
use strict;
use warnings;
use Net::NNTP;

my ($port, $group, @login) = @ARGV;
my $news = Net::NNTP->new("127.0.0.1", Port => $port, Timeout => 30) or die "no greeting: $@\n";
sub surprised { die "$_[0]: ", $news->code, " ", $news->message }

if (@login) { $news->authinfo(@login) or surprised("authinfo") }
$news->date or surprised("date");
$news->postok or surprised("postok");

# A lone dot and lines that begin with dots must come back as they were sent.
my @bodies = map { "Article $_ of three.\n.\n..\n.dotted\nThe end of $_.\n" } 1 .. 3;
my $run = "$$." . time;
for my $number (1 .. 3) {
  $news->post("From: Tester <tester\@test.example>\n", "Newsgroups: $group\n", "Subject: $run $number\n",
    "Message-ID: <$run.$number\@test.example>\n", "\n", $bodies[$number - 1]) or surprised("post");
}

# Nothing is selected yet: a number means nothing.
!defined $news->nntpstat(1) && $news->code == 412 or surprised("stat before group");

my ($count, $first, $last, $name) = $news->group($group) or surprised("group");
$name eq $group && $count >= 3 && $last - $first + 1 >= 3 or die "group: $count $first $last $name\n";
my $third = $last;    # no one else posts

my $overview = $news->xover([$third - 2, $third]) or surprised("xover");
for my $number (1 .. 3) {
  my $line = $overview->{$third - 3 + $number} or die "no overview of $number\n";
  $line->[0] eq "$run $number" && $line->[3] eq "<$run.$number\@test.example>" or die "overview: @$line\n";
}
my $subjects = $news->xhdr("Subject", [$third - 2, $third]) or surprised("xhdr");
$subjects->{$third} eq "$run 3" or die "xhdr: ", %$subjects, "\n";

# Step through the group, and ask by message-id in between: that must not move the current article.
$news->nntpstat($third - 2) or surprised("stat");
for my $number (1 .. 3) {
  join("", @{ $news->body or surprised("body") }) eq $bodies[$number - 1] or die "body $number differs\n";
  $news->head("<$run.1\@test.example>") or surprised("head by id");
  my $next = $news->next;
  $number == 3 ? $news->code == 421 : $next eq "<$run." . ($number + 1) . "\@test.example>" or surprised("next");
}
$news->last eq "<$run.2\@test.example>" or surprised("last");

join("", @{ $news->body("<$run.3\@test.example>") or surprised("body by id") }) eq $bodies[2] or die "body by id differs\n";
!$news->article("<no.such.$run\@test.example>") && $news->code == 430 or surprised("article that is not there");
!$news->group("no.such.group") && $news->code == 411 or surprised("group that is not there");
grep { $_ eq $group } keys %{ $news->list or surprised("list") } or die "list: no $group\n";
$news->quit or surprised("quit");
print "read $count articles\n";
