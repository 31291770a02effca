#!/usr/bin/perl
# read-only.pl PORT GROUP: what Perl's own Net::NNTP knows of a group of at least three articles on 127.0.0.1, where nothing
# can be posted: it is read by number, by steps and by message-id. Dies of the first surprise.
use strict;
use warnings;
use Net::NNTP;

my ($port, $group) = @ARGV;
my $news = Net::NNTP->new("127.0.0.1", Port => $port, Timeout => 30) or die "no greeting: $@\n";
sub surprised { die "$_[0]: ", $news->code, " ", $news->message }

$news->date or surprised("date");
!$news->postok or surprised("postok");
!defined $news->nntpstat(1) && $news->code == 412 or surprised("stat before group");
exists $news->list->{$group} or surprised("list");
exists $news->newsgroups("$group")->{$group} or surprised("newsgroups");
exists $news->newgroups(0)->{$group} or surprised("newgroups");
@{ $news->overview_fmt } >= 7 or surprised("overview.fmt");

my ($count, $first, $last, $name) = $news->group($group) or surprised("group");
$name eq $group && $count >= 3 && $first == 1 && $last == $count or die "group: $count $first $last $name\n";
@{ $news->listgroup } == $count or surprised("listgroup");
my $overview = $news->xover([$first, $last]) or surprised("xover");
my $subjects = $news->xhdr("Subject", [$first, $last]) or surprised("xhdr");

$news->nntpstat($first) or surprised("stat");
for my $number ($first .. $last) {
  my ($subject, undef, undef, $id, undef, $size, $lines) = @{ $overview->{$number} };
  $subjects->{$number} eq $subject or die "xhdr: $subjects->{$number}\n";
  my $article = join "", @{ $news->article or surprised("article") };
  my $body = join "", @{ $news->body($id) or surprised("body by id") };
  substr($article, -length $body) eq $body or die "the body of $id differs\n";
  # Net::NNTP has taken the carriage returns away.
  length($article) + ($article =~ tr/\n//) == $size or die "$id has not $size octets\n";
  ($body =~ tr/\n//) == $lines or die "$id has not $lines lines\n";
  my $next = $news->next;
  $number == $last ? $news->code == 421 : $next eq $overview->{ $number + 1 }[3] or surprised("next");
}
$news->last or surprised("last");
!$news->article("<no.such\@test.example>") && $news->code == 430 or surprised("article that is not there");
!$news->group("no.such.group") && $news->code == 411 or surprised("group that is not there");
$news->quit or surprised("quit");
print "read $count articles\n";
